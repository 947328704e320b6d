"""How is each kind of model, and each way of laying a repository out, judged?"""
