"""F2P and F2P v2: avatar vectors from face similarity, through a learnt imitator."""
