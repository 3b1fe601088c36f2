"""Any speech encoder of the Hugging Face library as a backbone of neuroscope."""

neuroscope_api = 1
