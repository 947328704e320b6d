"""Where is arithmetic done: which device, which arrays, which of several processes?"""
