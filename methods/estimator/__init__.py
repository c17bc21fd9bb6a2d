"""The estimator that baseline, controls and swiftavatar share."""
