"""The avatar estimator that baseline, the oracles and swiftavatar share."""
