"""How the checks of backbones run them: on made-up audio, under watch for what they may not do."""
