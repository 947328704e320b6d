"""Which small language models are trained, and what is done to them afterwards?"""
