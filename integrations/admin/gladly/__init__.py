"""The set-up page of Gladly: what agents may do, how Gladly is known, the timeline, and what Gladly asked last."""
