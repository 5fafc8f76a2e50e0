"""What you may do, who you are, and the record of what was done."""

from __future__ import annotations

from core.house import House


def include(house: House) -> None:
    """Include every feature, in the order in which they stand on each other."""
    from compliance.audit.include import include as audit
    from compliance.audit.tile_views import mount as tiles
    from compliance.documents.include import include as documents
    from compliance.exports.include import include as exports
    from compliance.freezes.include import include as freezes
    from compliance.identity.include import include as identity
    from compliance.keys.include import include as keys
    from compliance.oauth.include import include as oauth
    from compliance.qualification.include import include as qualification
    from compliance.requests.include import include as requests
    from compliance.retention.include import include as retention
    from compliance.review.include import include as review
    from compliance.rulebook.include import include as rulebook
    from compliance.subjects.include import include as subjects

    standing = (audit, rulebook, subjects, retention, identity, documents, keys, oauth, review, qualification)
    for feature in (*standing, freezes, exports, requests):
        feature(house)
    house.mounts.append(tiles)
