"""The lowest layer, which every app may use. It has no models and knows nothing of the domain."""
