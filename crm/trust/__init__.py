"""How much customers trust us, as we judge it: the trust equation (信任方程式)."""
