"""IBM's REST API over an emulated service: what IBM's own client, unchanged, talks to.

::

    wire        times, JSON and results as they cross
    refusals    error bodies and their codes (SEMANTICS section 7)
    account     the one instance: its CRN, token and plan, and who may ask
    devices     backends under the names that people know
    programs    from a job's `params` to a request, and from its result to text
    quantum_program   the same for circuits and samplexes of the client-side primitives
    jobs, sessions, usage   what each call answers
    calls       the table of all calls
    openapi     that table as a description for others
    app         the table as a Starlette application
    listening   the application on a port of this machine, in a thread
"""
