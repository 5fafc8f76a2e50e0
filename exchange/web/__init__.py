"""Pages: the same services as the API, shown to people in Chinese and in English."""
