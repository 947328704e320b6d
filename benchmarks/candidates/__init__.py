"""How well are bases found that a model does not declare, and what does looking for them cost?"""
