"""LabelObjects and taxonomies, typed and checked. Pure: values in, problems out."""

from rbsync.labels.check import check_labels, label_check
from rbsync.labels.covered_area import extent_of
from rbsync.labels.degenerate import degenerate
from rbsync.labels.normal import normal_labels
from rbsync.labels.problem import LabelProblem
from rbsync.labels.project_types import PROJECT_TYPES, ProjectType, project_type
from rbsync.labels.taxonomy import Attribute, Category, Taxonomy
from rbsync.labels.taxonomy_json import read_taxonomy

__all__ = [
    "check_labels",
    "extent_of",
    "label_check",
    "degenerate",
    "normal_labels",
    "LabelProblem",
    "PROJECT_TYPES",
    "ProjectType",
    "project_type",
    "Taxonomy",
    "Category",
    "Attribute",
    "read_taxonomy",
]
