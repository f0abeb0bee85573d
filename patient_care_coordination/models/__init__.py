from . import inquiry, routing
