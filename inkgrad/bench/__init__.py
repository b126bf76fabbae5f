"""Side by side with peers: the same weights, the same pictures, the same browser, in turns."""
