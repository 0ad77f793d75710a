"""From labelled tweets to a registered challenger: fit, measure, register, export."""
