"""Are the families that closeness is calibrated on made as they are said to be?"""
