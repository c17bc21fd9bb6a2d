"""MLflow, the index of every number; the only package that talks to it."""

from benchmark.tracking.connection import (
    Status,
    TrackingError,
    sweep,
    tracking_uri,
    ui_command,
)
from benchmark.tracking.studies import ReportedStudy, track_study
from benchmark.tracking.suites import Tracker, open_tracker
from benchmark.tracking.trainings import (
    Training,
    TrainingTracker,
    open_training_tracker,
)

__all__ = [
    "ReportedStudy",
    "Status",
    "Tracker",
    "TrackingError",
    "Training",
    "TrainingTracker",
    "open_tracker",
    "open_training_tracker",
    "sweep",
    "track_study",
    "tracking_uri",
    "ui_command",
]
