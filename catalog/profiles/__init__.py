"""Profiles: what a file holds, read once when it arrives. Pure; nothing here touches the database."""

from catalog.profiles.describe import describe, describe_stream
from catalog.profiles.types import Column, Description, Profile

__all__ = ["Column", "Description", "Profile", "describe", "describe_stream"]
