"""What do processes, offloading and accelerators cost and gain?"""
