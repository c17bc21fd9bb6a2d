"""Log runs, trainings and studies to MLflow. Only this package uses MLflow."""

from benchmark.tracking.connection import (
    Status,
    TrackingError,
    end_dead_runs,
    tracking_uri,
    where_to_look,
)
from benchmark.tracking.studies import ReportedStudy, TrackedStudy, track_study
from benchmark.tracking.suites import Summary, Tracker, open_tracker
from benchmark.tracking.trainings import (
    Training,
    TrainingTracker,
    open_training_tracker,
)

__all__ = [
    "ReportedStudy",
    "Status",
    "Summary",
    "TrackedStudy",
    "Tracker",
    "TrackingError",
    "Training",
    "TrainingTracker",
    "end_dead_runs",
    "open_tracker",
    "open_training_tracker",
    "track_study",
    "tracking_uri",
    "where_to_look",
]
