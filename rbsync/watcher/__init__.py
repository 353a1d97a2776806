"""Watch: keep a project in step with a folder, and send no file that is not finished."""
