"""The trade itself: orders, licences, delivery, notices and pages."""
