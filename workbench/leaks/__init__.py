"""Find leaked credentials in code, history, files, web exposure and access logs."""
