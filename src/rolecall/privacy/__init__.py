"""What must stay at home. Only this package makes a `Clearance`, and `egress` asks for one."""
