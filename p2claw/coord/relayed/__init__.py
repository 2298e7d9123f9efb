"""How much the TURN server of this coordinator has relayed for each box, and how much it may."""
