"""Run a resolved suite: plan its stages, execute them, write trial folders."""
