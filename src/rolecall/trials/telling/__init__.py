"""What a trial would show, has shown, and changes in the stack."""
