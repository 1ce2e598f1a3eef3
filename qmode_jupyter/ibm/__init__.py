"""What needs IBM's own client: the extra ``[ibm]``."""
