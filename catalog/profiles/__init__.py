"""Profiles: what a file holds, read from its bytes in one pass. Pure; knows nothing of listings or databases."""

from catalog.profiles import noise, synthetic
from catalog.profiles.description import describe, describe_stream, describe_whole
from catalog.profiles.types import ColumnProfile, Description, Profile
from catalog.profiles.whole import WholeScan

__all__ = [
    "ColumnProfile",
    "Description",
    "Profile",
    "WholeScan",
    "describe",
    "describe_stream",
    "describe_whole",
    "noise",
    "synthetic",
]
