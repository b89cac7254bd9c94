"""LTI 1.3: registrations, the strict launch, and the LMS's services."""
