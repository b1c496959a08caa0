"""What the app package in Gladly calls: lists as bare arrays, and the two acts of agents."""
