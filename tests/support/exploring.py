"""Number of examples a property test draws: its own, or ten times as many to explore."""

from hypothesis import settings

DEFAULT = 100  # what hypothesis draws where nothing is said, and the profile `fixed` with it


def examples(count: int) -> settings:
    """Return settings for so many examples, in the profile's proportion."""
    return settings(max_examples=count * settings().max_examples // DEFAULT)
