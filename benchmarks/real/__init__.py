"""How are really published weights judged, and what is made from them?"""
