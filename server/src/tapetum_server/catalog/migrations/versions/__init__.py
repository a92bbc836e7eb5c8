"""One file per step. A step that shipped is never edited; a change is a new step."""
