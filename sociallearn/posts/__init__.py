"""What feed, questions and ideas are all made of: posts and their replies."""
