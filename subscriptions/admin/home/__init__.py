"""The part of Home that the domain knows: what needs a person, the figures of the business, the latest activity."""
