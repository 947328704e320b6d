"""Do guards and tables that small models made hold for wider ones?"""
