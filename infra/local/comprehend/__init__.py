"""Amazon Comprehend, locally: it reads the text and answers in Comprehend's shapes."""
