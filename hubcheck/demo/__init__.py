"""The small trained models that ship with hubcheck, and the command that checks them."""
