"""The practice LMS: a small, real LTI 1.3 platform to try and test the tool with, which it knows by address only."""
