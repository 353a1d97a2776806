"""`rbsync serve`: RedBrick's wire protocol in front of a local project, for work without it.

A request goes app -> endpoint (one operation) or objects (one file) -> answers -> the project in
`backends/local`, whose rules are the only ones. `redbrick.graphql` says what is understood.
"""
