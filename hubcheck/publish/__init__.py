"""Where the card goes: pull request, model card, discussion, badge (later parts)."""
