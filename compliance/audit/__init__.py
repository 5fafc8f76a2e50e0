"""The audit log: an RFC 6962 Merkle log in SQL whose every entry a third party can verify."""
