def migrate(cr, version):
    """Give inquiries that share a number one of their own: the database now holds them apart.

    The oldest keeps the number; the others get it with their id.
    """
    cr.execute(
        """
        UPDATE helpdesk_ticket ticket
           SET number = ticket.number || '-' || ticket.id
         WHERE ticket.care_is_inquiry
           AND EXISTS (
               SELECT 1
                 FROM helpdesk_ticket older
                WHERE older.care_is_inquiry
                  AND older.number = ticket.number
                  AND older.id < ticket.id
           )
        """
    )
