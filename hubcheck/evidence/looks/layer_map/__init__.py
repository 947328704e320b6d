"""Which layer of the base does each layer of the subject come from?"""
