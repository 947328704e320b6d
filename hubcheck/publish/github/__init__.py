"""How does a report get to where a pull request is reviewed?"""
