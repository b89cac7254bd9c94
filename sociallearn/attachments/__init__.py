"""Files and images that come with a text: taken in, kept, shown and swept; of posts it knows only their numbers."""
