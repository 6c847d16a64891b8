"""What an extract from AF, SCB or ESF is: columns, codes, readers."""
