"""From register extracts to an impact evaluation: the five stages, their configuration and what they write."""
