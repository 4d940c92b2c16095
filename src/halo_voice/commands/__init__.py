"""Commands that look into what HALO knows and keeps. Only `cli` names them."""
