"""How much the headline depends on choices: specifications, placebos, months left out, resampled people."""
