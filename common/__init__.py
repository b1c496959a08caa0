"""The ground floor: what every app stands on. It has no models and knows nothing of the domain."""
